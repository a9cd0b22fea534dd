export * from './statistics.ts'
export * from './volume20.ts'
