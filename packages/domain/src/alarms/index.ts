export * from './alarm.ts'
export * from './life.ts'
export * from './load.ts'
export * from './statements.ts'
