// The mapping of bench/rules-records.yaml by hand, of a document that is read whole.
import { readFileSync } from 'node:fs'

let output = ''
for (const { src, dst, user } of JSON.parse(readFileSync(0, 'utf8')).Records) {
  output += `${JSON.stringify({ source: { ip: src }, destination: { ip: dst }, user: { name: user.toLowerCase() } })}\n`
}
process.stdout.write(output)
