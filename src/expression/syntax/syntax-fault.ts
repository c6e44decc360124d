import type { Fault } from './ast.ts'

/** Ends the reading of one expression: what follows could not be understood anyway. */
export class SyntaxFault {
  readonly fault: Fault

  constructor(message: string, start: number, end: number, hint?: string) {
    this.fault = hint === undefined ? { message, start, end } : { message, start, end, hint }
  }
}
