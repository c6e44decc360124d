import type { DictView, Value } from '../../value.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable } from '../method.ts'
import { callable } from '../method.ts'
import { contains } from '../operators.ts'
import { iterate } from './iteration.ts'

/** The methods of what `d.keys()` and `d.items()` give; `d.values()` has none. */
export const VIEW_METHODS: CallableTable = {
  isdisjoint: callable('other, /', isDisjoint),
}

/** Units of work for an element that is taken. */
const ELEMENT = 16

/** True where no element of `other` is in the view. */
function isDisjoint(meter: Meter, view: DictView, other: Value): boolean {
  for (const item of iterate(other, meter)) {
    meter.touch(ELEMENT)
    if (contains(meter, view, item)) return false
  }
  return true
}
