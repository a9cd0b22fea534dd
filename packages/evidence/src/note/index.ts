export * from './checkpoint.ts'
export * from './key.ts'
export * from './note.ts'
