/**
 * The lists whose indicators come and go while a server runs, under the names that CyberTrace has for them:
 * `InternalTI`, an internal list whose indicators get detections, and `FalsePositive`, the allowlist whose indicators
 * get none.
 */
export const SUPPLIERS = ['InternalTI', 'FalsePositive'] as const

export type Supplier = (typeof SUPPLIERS)[number]

/** The file of all lists, in the directory of feeds that are downloaded. */
export const STORE_FILE = 'indicators.mdb'

/** True for the name of such a list, written as it is here. */
export function isSupplier(name: string): name is Supplier {
  return (SUPPLIERS as readonly string[]).includes(name)
}
