export * as modbus from './modbus/index.ts'
export * as taxport from './taxport/index.ts'
export * as tls350 from './tls350/index.ts'
export * as uplink from './uplink/index.ts'
