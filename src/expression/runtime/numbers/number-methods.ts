import { valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { Tuple } from '../../value.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable } from '../method.ts'
import { callable } from '../method.ts'
import { decompose } from './exact-float.ts'
import type { Numeric } from './numbers.ts'
import { formatNumber, integerBits, isWhole, normalizeInteger, numeric } from './numbers.ts'

/** The methods of `float`. */
export const FLOAT_METHODS: CallableTable = {
  as_integer_ratio: callable('', asIntegerRatio),
  conjugate: callable('', conjugate),
  hex: callable('', hex),
  is_integer: callable('', (_meter: Meter, n: number) => Number.isInteger(n)),
}

/** The methods of `int`, and of `bool`. An integral number up to 2**53 has those of `float` too. */
export const INT_METHODS: CallableTable = {
  as_integer_ratio: callable('', asIntegerRatio),
  bit_count: callable('', bitCount),
  bit_length: callable('', (meter: Meter, n: Numeric) => {
    const bits = integerBits(numeric(n)!)
    meter.touch(bits)
    return bits
  }),
  conjugate: callable('', conjugate),
}

/** The pair of integers, the second positive, whose quotient is exactly the number. */
function asIntegerRatio(_meter: Meter, value: Numeric): Value {
  const n = numeric(value)!
  if (isWhole(n)) return new Tuple([n, 1])
  if (Number.isNaN(n)) throw valueError('cannot convert NaN to integer ratio')
  if (!Number.isFinite(n)) throw valueError('cannot convert Infinity to integer ratio')
  const { mantissa, exponent } = decompose(n as number)
  const numerator = exponent > 0 ? mantissa << BigInt(exponent) : mantissa
  const denominator = exponent < 0 ? 1n << BigInt(-exponent) : 1n
  return new Tuple([normalizeInteger(numerator), normalizeInteger(denominator)])
}

function conjugate(_meter: Meter, value: Numeric): Value {
  return numeric(value)!
}

/** Number of bits set in |n|. */
function bitCount(meter: Meter, value: Numeric): number {
  let count = 0
  const digits = numeric(value)!.toString(16)
  meter.touch(digits.length * 32)
  for (const digit of digits) {
    // The sign is no digit: it has no bits.
    for (let bits = digit === '-' ? 0 : Number.parseInt(digit, 16); bits > 0; bits >>= 1) count += bits & 1
  }
  return count
}

/** The float in hexadecimal, exactly: `0x1.8000000000000p+1`. */
function hex(_meter: Meter, n: number): string {
  if (!Number.isFinite(n)) return formatNumber(n)
  const sign = n < 0 ? '-' : ''
  if (n === 0) return '0x0.0p+0'
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setFloat64(0, n)
  const exponent = (bytes.getUint16(0) & 0x7fff) >> 4
  const digits = (bytes.getBigUint64(0) & 0xfffffffffffffn).toString(16).padStart(13, '0')
  const normal = exponent > 0
  const power = normal ? exponent - 1023 : -1022
  return `${sign}0x${normal ? 1 : 0}.${digits}p${power < 0 ? '' : '+'}${power}`
}
