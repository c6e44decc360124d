/** `npm run readme`: writes into the READMEs what commands print now, the reference of the functions, generated code. */
import { readFileSync, writeFileSync } from 'node:fs'
import {
  ARCHITECTURE,
  README,
  readReadme,
  readSteps,
  Tour,
  withOutputs,
  withReference,
  withSampleSource,
} from './readme.ts'

const readme = readReadme()
const outputs: string[] = []
const tour = new Tour()
for (const step of readSteps(readme)) {
  const output = await tour.take(step)
  if (step.kind === 'command') outputs.push(output)
}
tour.end()
writeFileSync(README, withReference(withOutputs(readme, outputs)))
writeFileSync(ARCHITECTURE, withSampleSource(readFileSync(ARCHITECTURE, 'utf8')))
