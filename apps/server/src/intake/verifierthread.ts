import { runVerifier } from './verifier.ts'

// Entry of a verifier thread when the server runs from source; a bundle starts itself again instead (see main.ts).
runVerifier()
