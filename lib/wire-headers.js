/**
 * Header fields as the addon takes them: `name: value\r\n` lines, and how many there are, so that
 * a value which smuggles a line of its own is found out.
 * @param {ConstructorParameters<typeof Headers>[0]} init
 */
export function packFields(init) {
  let text = ''
  let count = 0
  for (const [name, value] of new Headers(init)) {
    text += `${name}: ${value}\r\n`
    count++
  }
  return { text, count }
}
