/** Cryptography of the evidence on Node: everything that `src` asks for and may not import itself. */
export { sha256 } from './digest.ts'
export { platform } from './platform.ts'
export { type GeneratedKey, generateKeyPair, keyIdOf, signerFromPkcs8 } from './signers.ts'
export { importPublicKey, suites } from './suites.ts'
