export * as uplink from './uplink/index.ts'
