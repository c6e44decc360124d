// The mapping of bench/rules-records.yaml by hand, of CSV, with the library for it.
import { parse } from 'csv-parse'

const parser = process.stdin.pipe(parse({ columns: true }))
let output = ''
for await (const { src, dst, user } of parser) {
  output += `${JSON.stringify({ source: { ip: src }, destination: { ip: dst }, user: { name: user.toLowerCase() } })}\n`
  if (output.length < 65_536) continue
  if (!process.stdout.write(output)) await new Promise((resolve) => process.stdout.once('drain', resolve))
  output = ''
}
process.stdout.write(output)
