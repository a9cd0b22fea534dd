export * from './pairing.ts'
export * from './statistics.ts'
export * from './tank-track.ts'
export * from './volume20.ts'
