/** `npm run docs`: writes into all documents the output of their commands, the reference of the functions, generated code. */
import {
  ARCHITECTURE,
  findDocuments,
  REFERENCE,
  readDocument,
  readSteps,
  referenceText,
  Tour,
  withOutputs,
  withSampleSource,
  writeDocument,
} from './readme.ts'

writeDocument(REFERENCE, referenceText())
writeDocument(ARCHITECTURE, withSampleSource(readDocument(ARCHITECTURE)))
for (const path of findDocuments()) {
  const text = readDocument(path)
  const outputs: string[] = []
  const tour = new Tour()
  process.once('SIGINT', () => tour.end())
  process.once('SIGTERM', () => tour.end())
  try {
    for (const step of readSteps(text)) {
      const output = await tour.take(step)
      if (step.kind === 'command') outputs.push(output)
    }
  } finally {
    await tour.end()
  }
  const current = withOutputs(text, outputs)
  if (current !== text) writeDocument(path, current)
}
