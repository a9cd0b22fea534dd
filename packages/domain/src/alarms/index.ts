export * from './alarm.ts'
export * from './life.ts'
