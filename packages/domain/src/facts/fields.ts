import { z } from 'zod'

/** Field types that several facts share, with the bounds beyond which a value cannot be believed. */

/** Nozzle, tank or arm code, unique within its site: what is painted on it. */
export const subjectCode = z.string().regex(/^[A-Z0-9]{1,8}$/)
/** Up to 10,000 m³: the largest tank of a county depot. */
export const volumeMillilitres = z.int().min(0).max(10_000_000_000)
/** Totalizers have up to 12 digits of 0.01 L (tax port, command 0x89). */
export const totalMillilitres = z.int().min(0).max(9_999_999_999_990)
/** Up to 100 million yuan in one sum. */
export const amountFen = z.int().min(0).max(10_000_000_000)
/** Totalizers of money have 12 digits of 0.01 yuan. */
export const totalFen = z.int().min(0).max(999_999_999_999)
/** Four digits of 0.01 yuan per litre. */
export const priceFenPerLitre = z.int().min(0).max(9_999)
/** Up to 30 m of height. */
export const heightMicrometres = z.int().min(0).max(30_000_000)
/** −60 … +120 °C. */
export const temperatureCentiCelsius = z.int().min(-6_000).max(12_000)
/** Milliseconds since 1970; whether the moment is plausible is a question of admission, not of shape. */
export const epochMs = z.int().min(0).max(8_640_000_000_000_000)
/** Short text from a device. */
export const deviceText = z.string().max(64)
