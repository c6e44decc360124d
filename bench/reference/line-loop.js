/**
 * What a good engineer would write instead: read chunks of 64 KiB, split, JSON.parse, map, JSON.stringify, write.
 *
 * @param {(event: any) => object} map
 * @param {(line: string) => unknown} parse
 */
export function mapLines(map, parse = JSON.parse) {
  const normalize = (line) => `${JSON.stringify(map(parse(line)))}\n`
  let rest = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (chunk) => {
    const text = rest + chunk
    let output = ''
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      output += normalize(text.slice(start, end))
      start = end + 1
    }
    rest = text.slice(start)
    if (!process.stdout.write(output)) {
      process.stdin.pause()
      process.stdout.once('drain', () => process.stdin.resume())
    }
  })
  process.stdin.on('end', () => {
    if (rest !== '') process.stdout.write(normalize(rest))
  })
}
