export * from './der.ts'
export * from './keys.ts'
export * from './suite.ts'
