/**
 * The pure part of editors: a text and what belongs to it in; problems, completions, hovers and definitions out. The language
 * server and the playground are made of it.
 *
 *     const document = { kind: 'rules', file: 'x.yaml', text, lookups: [], sample: sampleOf(events) }
 *     diagnose(document)            // what `normalize check` prints
 *     complete(document, offset)    // what can be written there
 *     hover(document, offset)       // what it is
 */
export { type Completion, type CompletionKind, type Completions, complete } from './complete.ts'
export { diagnose } from './diagnose.ts'
export { type DocumentKind, type EditedDocument, kindOf } from './document.ts'
export { formatOf, readEvents } from './events.ts'
export { type Definition, define, type Hover, hover } from './hover.ts'
export { offsetAt, rangeOf, type TextRange } from './positions.ts'
export { allReferences, type Reference } from './reference.ts'
export { NO_SAMPLE, type Sample, type SampleField, sampleOf, sampleOfFile, testEvents } from './sample.ts'
