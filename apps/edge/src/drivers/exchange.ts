/**
 * What became of asking a device. `port`: the way to it is gone (physical loss). `silent`: the way is there, the device
 * does not answer, or not in its language (logical loss). Inspectors need to tell 拔线 from 主板不答.
 */
export type Exchange<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly loss: 'port' | 'silent'
      readonly detail: string
      /** The device answered that it will not: a Modbus exception code. */
      readonly exception?: number
    }

/** A good answer. */
export function answered<T>(value: T): Exchange<T> {
  return { ok: true, value }
}

/** No answer. */
export function lost(
  loss: 'port' | 'silent',
  detail: string,
): { ok: false; loss: 'port' | 'silent'; detail: string } {
  return { ok: false, loss, detail }
}
