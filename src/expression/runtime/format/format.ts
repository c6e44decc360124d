/** Python's three ways to lay out values in text: `format()`, `%` and `str.format`. */

export { formatMethod } from './format-method.ts'
export { formatValue } from './format-value.ts'
export { percentFormat } from './percent-format.ts'
