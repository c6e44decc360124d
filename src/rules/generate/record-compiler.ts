import type { RecordCompiler } from '../../expression/runtime/containers/record-shapes.ts'

/** Makes functions such as `v => ({"a":v[0],"c":v[2]})`. */
export const compileRecord: RecordCompiler = (names) => {
  const members: string[] = []
  for (const [index, name] of names.entries()) {
    if (name === null || name === '') continue
    // Without brackets it would set the prototype.
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
    members.push(`${key}:v[${index}]`)
  }
  return new Function('v', `'use strict';return {${members.join(',')}}`) as ReturnType<RecordCompiler>
}
