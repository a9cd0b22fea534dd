export * from './endpoint.ts'
export * from './shapes.ts'
export * from './stream.ts'
export * from './table.ts'
