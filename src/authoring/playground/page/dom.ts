/** Elements of the page. Text is always text: nothing here takes HTML. */

type Attributes = Readonly<Record<string, string | boolean | undefined>>

export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E
}

/** Makes an element. An attribute that is false or undefined is left out. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    element.setAttribute(attribute, value === true ? '' : value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}
