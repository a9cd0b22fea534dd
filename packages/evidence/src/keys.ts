import { asciiBytes, concatBytes, equalBytes, fromHex, ok, type Result, refuse } from '@oiltrail/kernel'
import type { Algorithm } from './suite.ts'

/**
 * What stands before the bare key in a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Only this one encoding is taken:
 * uncompressed points, named curves. One key then has exactly one encoding and so exactly one key id.
 */
const SPKI_PREFIX: Readonly<Record<Algorithm, Uint8Array>> = {
  // id-ecPublicKey with curve 1.2.156.10197.1.301 (GM/T 0006), then 04 ‖ x ‖ y
  'SM2-SM3': fromHex('3059301306072a8648ce3d020106082a811ccf5501822d034200')!,
  // id-ecPublicKey with prime256v1 (RFC 5480)
  'P256-SHA256': fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200')!,
  // id-Ed25519 (RFC 8410)
  Ed25519: fromHex('302a300506032b6570032100')!,
}
const BARE_LENGTH: Readonly<Record<Algorithm, number>> = { 'SM2-SM3': 65, 'P256-SHA256': 65, Ed25519: 32 }
const UNCOMPRESSED = 4

/**
 * y coordinates of the points of small order on edwards25519 and their unreduced encodings, sign bit clear. Under such a
 * key one signature fits many messages, so it proves nothing (RFC 8032 does not forbid them; we do).
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => fromHex(hex)!)

/**
 * Takes the bare key out of a SubjectPublicKeyInfo: 04 ‖ x ‖ y (65 bytes) for SM2 and P-256, 32 bytes for Ed25519.
 * Refuses MALFORMED for any other encoding. Whether a point lies on its curve is checked where the key is imported.
 */
export function bareKey(algorithm: Algorithm, publicKey: Uint8Array): Result<Uint8Array> {
  const prefix = SPKI_PREFIX[algorithm]
  const length = BARE_LENGTH[algorithm]
  if (
    publicKey.length !== prefix.length + length ||
    !equalBytes(publicKey.subarray(0, prefix.length), prefix)
  )
    return refuse('MALFORMED', `not the DER SubjectPublicKeyInfo of a key for ${algorithm}`, 'publicKey')
  const bare = publicKey.subarray(prefix.length)
  if (algorithm !== 'Ed25519')
    return bare[0] === UNCOMPRESSED
      ? ok(bare)
      : refuse('MALFORMED', 'the point is not uncompressed', 'publicKey')
  // Not `slice`: a Buffer's shares its memory, and the caller's key would lose its sign.
  const y = Uint8Array.from(bare)
  y[31]! &= 0x7f
  if (SMALL_ORDER_Y.some((small) => equalBytes(small, y)))
    return refuse('MALFORMED', 'a point of small order is not a key', 'publicKey')
  return ok(bare)
}

/** The DER SubjectPublicKeyInfo of a bare key (see `bareKey`). */
export function publicKeyOf(algorithm: Algorithm, bare: Uint8Array): Uint8Array {
  return concatBytes(SPKI_PREFIX[algorithm], bare)
}

/** Identity under which every SM2 signature here is made: the default of GM/T 0009. */
export const SM2_IDENTITY = '1234567812345678'

/** a ‖ b ‖ Gx ‖ Gy of the recommended curve, GB/T 32918.5 §2. */
const SM2_CURVE = fromHex(
  'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc' +
    '28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93' +
    '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7' +
    'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0',
)!

/**
 * The bytes whose SM3 is Z, the hash of signer and curve that SM2 puts before the message (GB/T 32918.2 §5.5):
 * bit length of the identity as 16 bits ‖ identity ‖ a ‖ b ‖ Gx ‖ Gy ‖ Px ‖ Py.
 */
export function sm2IdentityBytes(bare: Uint8Array): Uint8Array {
  const bits = SM2_IDENTITY.length * 8
  return concatBytes(
    Uint8Array.of(bits >> 8, bits & 0xff),
    asciiBytes(SM2_IDENTITY),
    SM2_CURVE,
    bare.subarray(1),
  )
}
