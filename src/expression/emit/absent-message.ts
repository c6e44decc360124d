import type { Node, TargetNode } from '../check/checked.ts'
import { absenceHint } from '../check/familiar.ts'

/** The message of a required rule whose value is absent. */
export function absentMessage(node: Node | TargetNode): string {
  switch (node.op) {
    case 'field':
    case 'line-field':
      return `field ${node.path.text} is absent${absenceHint(node.path.parts)}`
    case 'parent-field':
      return `field parent.${node.path.text} is absent`
    case 'variable':
      return `${node.name} has no value, and there is no such field`
    case 'attribute':
      return `member ${node.name} is absent${absenceHint(['it', node.name])}`
    case 'item':
      return `${node.text.startsWith('[') ? `index or key ${node.text}` : `field ${node.text}`} is absent`
    case 'method':
    case 'call':
      return `${node.name}() found nothing`
    case 'absent':
      return "the value is 'absent'"
    case 'cond':
      return 'no condition of cond is true, and it has no default'
    case 'coalesce':
      return 'no value of coalesce is useful'
    default:
      return 'a value is absent'
  }
}
