/** A header is not read beyond so many characters: longer ones say nothing. */
const LONGEST_HEADER = 4096

/**
 * The type that a header `Content-Type` names, in small letters.
 *
 * @param header undefined: there is none, and JSON is meant
 * @returns undefined for another encoding than UTF-8
 */
export function mediaType(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return 'application/json'
  // Nearly all clients send it so.
  if (header === 'application/json') return header
  const [type, ...parameters] = header.slice(0, LONGEST_HEADER).toLowerCase().split(';')
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=')
    if (name!.trim() !== 'charset') continue
    const charset = value.trim().replace(/^"|"$/g, '')
    if (charset !== 'utf-8' && charset !== 'utf8') return undefined
  }
  return type!.trim()
}

/**
 * True when a header `Accept` takes one of these types. The most exact range decides, so `application/json;q=0` with a
 * range that takes all else does not take JSON.
 *
 * @param header undefined: everything is taken
 * @param types in small letters
 */
export function accepts(header: string | undefined, types: readonly string[]): boolean {
  if (header === undefined || header === '' || header === '*/*' || header === types[0]) return true
  const ranges = new Map<string, boolean>()
  for (const range of header.slice(0, LONGEST_HEADER).toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim())
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter))
    const isTaken = quality === undefined || Number(quality.slice(quality.indexOf('=') + 1)) > 0
    ranges.set(name!, isTaken)
  }
  return types.some(
    (type) =>
      ranges.get(type) ?? ranges.get(`${type.slice(0, type.indexOf('/'))}/*`) ?? ranges.get('*/*') ?? false,
  )
}
