import type { DictView, Value } from '../value.ts'
import { iterate } from './iteration.ts'
import type { CallableTable } from './method.ts'
import { callable } from './method.ts'
import { contains } from './operators.ts'

/** The methods of what `d.keys()` and `d.items()` give; `d.values()` has none. */
export const VIEW_METHODS: CallableTable = {
  isdisjoint: callable('other, /', isDisjoint),
}

/** Whether no element of `other` is in the view. */
function isDisjoint(view: DictView, other: Value): boolean {
  for (const item of iterate(other)) if (contains(view, item)) return false
  return true
}
