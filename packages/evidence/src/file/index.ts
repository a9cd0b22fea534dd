export * from './format.ts'
export * from './step.ts'
export * from './verify.ts'
export * from './writer.ts'
