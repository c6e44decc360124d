import type { Buffer } from 'node:buffer'
import type { Token } from 'stream-json/core/parser.js'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import { FormatDetector, NotOfFormat, type WrappedFormat } from './json-format.ts'
import { type JsonOutline, JsonSurvey, RecordsAtPath, recordsPath } from './json-survey.ts'
import { readTokens, type TokenSink } from './json-tokens.ts'
import { EventReader, EventSurvey, LateEventFields } from './misp-event.ts'
import { type Manifest, ManifestReader } from './misp-manifest.ts'
import { WarningListReader, WarningListSurvey } from './misp-warninglist.ts'
import { RecordAssembler, readJson } from './read-json.ts'
import { stixRecords } from './stix.ts'

/** Reads the text of the file from its beginning. */
type OpenText = () => AsyncIterable<Buffer>

/**
 * Reads JSON of any format. Warning-lists and events of MISP are recognised; their elements and attributes are the
 * records, and each brings what it can be looked up by. A file that turns out to be one, or not to be one after all, is
 * read anew. A file of no such format is read as `readJson` does.
 *
 * @param records the path of the records, where it is given
 * @returns the events that the file lists when it is a manifest: its records are in other files
 */
export async function readAnyJson(
  open: OpenText,
  file: string,
  handlers: FeedHandlers,
  records?: string,
): Promise<Manifest | undefined> {
  if (records !== undefined) {
    await readRecordsAt(open, file, handlers, records)
    return undefined
  }
  const format = await readUnlessWrapped(open, file, handlers)
  if (format === undefined) return undefined
  try {
    if (format !== 'one-object') handlers.onFormat?.(format)
    if (format === 'misp-manifest') return await readManifest(open, file)
    if (format === 'misp-events') await readEvents(open, file, handlers)
    else if (format === 'misp-warninglist') await readWarningList(open, file, handlers)
    else await readOneObject(open, file, handlers)
  } catch (error) {
    if (!(error instanceof NotOfFormat)) throw error
    handlers.onFormat?.('json')
    await readOneObject(open, file, handlers).catch(async (again) => {
      if (!(again instanceof NotOfFormat)) throw again
      await readJson(open(), file, handlers)
    })
  }
  return undefined
}

/** One object whose records are in it. @throws NotOfFormat when the file is something else, or the object is the record */
async function readOneObject(open: OpenText, file: string, handlers: FeedHandlers): Promise<void> {
  const survey = new JsonSurvey()
  await readTokens(open(), file, survey)
  const outline = survey.result
  const path = recordsPath(outline, handlers.wantedKeys ?? [])
  if (path === undefined) throw new NotOfFormat('the object is the record')
  await readAt(path, outline, open, file, handlers)
}

async function readRecordsAt(
  open: OpenText,
  file: string,
  handlers: FeedHandlers,
  records: string,
): Promise<void> {
  const survey = new JsonSurvey()
  let outline: JsonOutline = { lists: [], scalars: new Map(), isKeyed: false }
  try {
    await readTokens(open(), file, survey)
    outline = survey.result
  } catch (error) {
    if (!(error instanceof NotOfFormat)) throw error
  }
  const path = records.split(/[/.]/).filter((name) => name !== '')
  if (await readAt(path, outline, open, file, handlers)) return
  const lists = outline.lists.map((each) => each.join('/')).slice(0, 10)
  throw new FeedError(
    'FEED_INVALID',
    file,
    `has no records at ${records}; there are lists at ${lists.join(', ') || 'no path'}`,
  )
}

/** @returns true when there is something at the path */
async function readAt(
  path: readonly string[],
  outline: JsonOutline,
  open: OpenText,
  file: string,
  handlers: FeedHandlers,
): Promise<boolean> {
  handlers.onRecordsPath?.(path)
  const isStix = path.at(-1) === 'objects' && (handlers.wantedKeys ?? []).length === 0
  if (isStix) handlers.onFormat?.('stix')
  const make = isStix ? stixRecords(handlers, Date.now()) : undefined
  const records = new RecordsAtPath(path, outline, handlers, make)
  await readTokens(open(), file, records)
  return records.hasAny
}

/** @returns the format that the file may have; then nothing has been told of it */
async function readUnlessWrapped(
  open: OpenText,
  file: string,
  handlers: FeedHandlers,
): Promise<WrappedFormat | undefined> {
  try {
    await readTokens(open(), file, new DetectingReader(new RecordAssembler(handlers)))
    return undefined
  } catch (error) {
    if (error instanceof Detected) return error.format
    throw error
  }
}

/** Ends a reading. */
class Detected extends Error {
  readonly format: WrappedFormat

  constructor(format: WrappedFormat) {
    super(`the file may be ${format}`)
    this.format = format
  }
}

/** Reads records; throws `Detected` before there is one when they may be wrapped. */
class DetectingReader implements TokenSink {
  readonly longestRecord: number
  readonly #records: RecordAssembler
  readonly #detector = new FormatDetector()

  constructor(records: RecordAssembler) {
    this.#records = records
    this.longestRecord = records.longestRecord
  }

  get isTooDeep(): boolean {
    return this.#records.isTooDeep
  }

  add(token: Token, line: number): boolean {
    if (!this.#detector.isDone) {
      const format = this.#detector.add(token)
      if (format !== undefined) throw new Detected(format)
    }
    return this.#records.add(token, line)
  }
}

async function readManifest(open: OpenText, file: string): Promise<Manifest> {
  const reader = new ManifestReader()
  await readTokens(open(), file, reader)
  if (reader.result === undefined) throw new NotOfFormat('the file is no manifest')
  return reader.result
}

async function readWarningList(open: OpenText, file: string, handlers: FeedHandlers): Promise<void> {
  const survey = new WarningListSurvey()
  await readTokens(open(), file, survey)
  if (survey.result === undefined) throw new NotOfFormat('the file is no warning-list')
  await readTokens(open(), file, new WarningListReader(survey.result, file, handlers))
}

async function readEvents(open: OpenText, file: string, handlers: FeedHandlers): Promise<void> {
  try {
    await readTokens(open(), file, new EventReader(handlers, undefined, 0))
  } catch (error) {
    if (!(error instanceof LateEventFields)) throw error
    const survey = new EventSurvey(file)
    await readTokens(open(), file, survey)
    await readTokens(open(), file, new EventReader(handlers, survey.result, error.attributes))
  }
}
