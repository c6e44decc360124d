import type { EventText, InputEvent, Rejection } from '../event.ts'
import { dictSet, setMember } from '../expression/runtime/containers/keys.ts'
import type { JsonObject } from '../expression/value.ts'
import { Dict } from '../expression/value.ts'
import { CsvProblem, splitRecord } from '../formats/csv-record.ts'
import { isIndex } from '../json/parse.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'

/**
 * The event of a record of CSV: an object of its fields under their names, all of them texts. Of names that are equal the last one's field
 * counts, as in JSON. Names without a field are absent, and rules that need them tell; a record with more fields than there are
 * names is rejected, since its fields may stand under wrong names and no rule would notice.
 */
export class CsvReader implements EventReader {
  readonly #delimiter: string
  #columns: readonly string[] = []
  #kind: 'plain' | 'own' | 'dict' = 'plain'

  /** @param delimiter as that of the splitter. Default: a comma */
  constructor(delimiter = ',') {
    this.#delimiter = delimiter
  }

  /** @param event `columns` are the names of its fields */
  parse({ line, ordinal, text, columns = [] }: EventText): InputEvent | Rejection {
    if (columns !== this.#columns) this.#enter(columns)
    const fields = splitRecord(text, this.#delimiter, columns.length + 1)
    if (fields instanceof CsvProblem) return invalid(fields.message)
    if (fields.length > columns.length) {
      return invalid(`the record has more fields than the ${columns.length} that have names`)
    }
    const exact = this.#kind === 'dict'
    const data = exact ? this.#dict(fields) : this.#object(fields)
    return { line, ordinal, text, data, exact, numbers: undefined }
  }

  #enter(columns: readonly string[]): void {
    this.#columns = columns
    // JavaScript would put members of such names before the others.
    if (columns.some(isIndex)) this.#kind = 'dict'
    else this.#kind = columns.includes('__proto__') ? 'own' : 'plain'
  }

  #object(fields: readonly string[]): JsonObject {
    const data: JsonObject = {}
    const columns = this.#columns
    const isPlain = this.#kind === 'plain'
    for (let index = 0; index < fields.length; index++) {
      if (isPlain) data[columns[index]!] = fields[index]!
      else setMember(data, columns[index]!, fields[index]!)
    }
    return data
  }

  #dict(fields: readonly string[]): Dict {
    const data = new Dict()
    for (let index = 0; index < fields.length; index++) dictSet(data, this.#columns[index]!, fields[index]!)
    return data
  }
}

function invalid(message: string): Rejection {
  return { code: 'CSV_INVALID', message: `not valid CSV: ${message}` }
}
