/** Builds the outputs of large rule files, for which no code is generated: V8 optimizes no function without end. */

import { dictSet, emptyDict } from '../../expression/runtime/helpers.ts'
import type { Meter } from '../../expression/runtime/meter.ts'
import { assignBelow, finishValue, setOwn } from '../../expression/runtime/output.ts'
import type { JsonObject } from '../../expression/value.ts'
import type { OutputNode } from './output-tree.ts'
import { outputTree } from './output-tree.ts'

export type OutputBuilder = (values: readonly unknown[], run: BuildState) => JsonObject

/** Builds the output of a large rule file. @param tree the tree of these paths */
export function outputBuilderOf(tree: OutputNode, names: readonly string[]): OutputBuilder {
  return (values, run) => buildTree(tree, values, names, run) ?? {}
}

/** The same for printed code, given the output paths and the names of all rules. */
export function outputBuilder(
  paths: readonly (readonly string[])[],
  names: readonly string[],
): OutputBuilder {
  return outputBuilderOf(outputTree(paths), names)
}

/** The part of the run that the building of an output needs. */
interface BuildState {
  rule: number
  plain: boolean
  readonly meter: Meter
}

/** Builds the output of a large rule file from its values; undefined where nothing below a node is present. */
function buildTree(
  node: OutputNode,
  values: readonly unknown[],
  names: readonly string[],
  run: BuildState,
): any {
  if (node.ordered) run.plain = false
  let object: any
  for (const child of node.children) {
    let value: unknown
    if (child.children.length === 0) value = values[child.rule!]
    else if (child.rule !== undefined) value = buildBelow(child, values, names, run)
    else value = buildTree(child, values, names, run)
    if (value === undefined) continue
    object ??= node.ordered ? emptyDict() : {}
    if (node.ordered) dictSet(object, child.key, value as any)
    else setOwn(object, child.key, value)
  }
  return object
}

function buildBelow(
  node: OutputNode,
  values: readonly unknown[],
  names: readonly string[],
  run: BuildState,
): unknown {
  let result: any
  for (const { index, path } of node.assignments()) {
    if (values[index] === undefined) continue
    run.rule = index
    result = assignBelow(result, path, values[index] as any, names[index]!)
  }
  if (!finishValue(run.meter, result)) run.plain = false
  return result
}
