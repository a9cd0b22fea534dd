export * from './suite.ts'
