/** The shape that a rule set writes. */

/** An object of the output, or a value in it. */
export interface OutputNode {
  /** Unique in its tree. */
  readonly id: number
  readonly key: string
  /** Index of the rule that gives this very value. */
  rule: number | undefined
  readonly children: OutputNode[]
  /** Keys such as `"10"` would come out in another order than the file's if this were a plain object. */
  ordered: boolean
  /** The rules at and below this node in the order of the file, with the path from here. */
  assignments(): { index: number; path: string[] }[]
}

/** @param paths the rules' output paths, in the order of the file */
export function outputTree(paths: readonly (readonly string[])[]): OutputNode {
  let count = 0
  const create = (key: string): OutputNode => ({
    id: count++,
    key,
    rule: undefined,
    children: [],
    ordered: false,
    assignments() {
      return assignmentsOf(this)
    },
  })
  const root = create('')
  const byNode = new Map<OutputNode, Map<string, OutputNode>>()
  for (const [index, path] of paths.entries()) {
    let node = root
    for (const key of path) {
      let members = byNode.get(node)
      if (members === undefined) {
        members = new Map()
        byNode.set(node, members)
      }
      let child = members.get(key)
      if (child === undefined) {
        child = create(key)
        members.set(key, child)
        node.children.push(child)
        if (/^(?:0|[1-9]\d{0,9})$/.test(key)) node.ordered = true
      }
      node = child
    }
    // Of rules of several cases for one field the first stands for all.
    node.rule ??= index
  }
  return root
}

/** Indexes of the rules at and below a node. */
export function present(node: OutputNode): number[] {
  const own = node.rule === undefined ? [] : [node.rule]
  return [...own, ...node.children.flatMap(present)]
}

function assignmentsOf(node: OutputNode): { index: number; path: string[] }[] {
  const found: { index: number; path: string[] }[] = []
  const visit = (current: OutputNode, path: string[]): void => {
    if (current.rule !== undefined) found.push({ index: current.rule, path })
    for (const child of current.children) visit(child, [...path, child.key])
  }
  visit(node, [])
  return found.sort((a, b) => a.index - b.index)
}
