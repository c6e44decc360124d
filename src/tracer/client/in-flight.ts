import type { IndicatorType } from '../protocol.ts'
import type { Question } from './request.ts'

/** Questions that a map takes before it is replaced, at least. */
const RENEW_AT = 1024

/**
 * The questions that are asked or wait to be, by their values.
 *
 * Their maps are replaced by copies now and then. V8 keeps a pointer from each table that a map has outgrown to the
 * next one, and a map that is filled and emptied all the time outgrows one after the other: a single dead table in the
 * old generation then keeps all that follow alive, with whatever was asked at the time. (Measured: half of the time
 * that a cold look-up takes went into collecting that.)
 */
export class InFlight {
  readonly #types: Record<IndicatorType, QuestionMap> = {
    url: new QuestionMap(),
    ip: new QuestionMap(),
    hash: new QuestionMap(),
    email: new QuestionMap(),
    text: new QuestionMap(),
  }

  get(type: IndicatorType, value: string): Question | undefined {
    return this.#types[type].questions.get(value)
  }

  add(question: Question): void {
    this.#types[question.type].add(question)
  }

  delete({ type, value }: Question): void {
    this.#types[type].questions.delete(value)
  }

  /** Takes all. */
  clear(): Question[] {
    const questions = Object.values(this.#types).flatMap((map) => [...map.questions.values()])
    for (const map of Object.values(this.#types)) map.questions.clear()
    return questions
  }
}

class QuestionMap {
  questions = new Map<string, Question>()
  #added = 0

  add(question: Question): void {
    if (this.#added >= RENEW_AT && this.#added >= 2 * this.questions.size) {
      this.questions = new Map(this.questions)
      this.#added = 0
    }
    this.questions.set(question.value, question)
    this.#added += 1
  }
}
