// Rules on one file at a time. Each takes a path and its text and gives the faults it finds, as
// `path:line what`. They read lines, which is enough for code that a formatter has laid out.

const MAX_LINE = 100
const MAX_FILE = 400
const MAX_FUNCTION = 70

// Put together here so that this file does not break its own rule.
const MARKS = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK']
const MACROS = ['to' + 'do', 'unimple' + 'mented']
const UNFINISHED = new RegExp(`\\b(${MARKS.join('|')})\\b|\\b(${MACROS.join('|')})!\\(`)

function eachLine(path, text, check) {
  const faults = []
  text.split('\n').forEach((line, at, lines) => {
    const fault = check(line, at, lines)
    if (fault) faults.push(`${path}:${at + 1} ${fault}`)
  })
  return faults
}

/** Lines are short; a URL cannot be broken. */
export function lineLength(path, text) {
  return eachLine(path, text, (line) =>
    line.length > MAX_LINE && !/https?:\/\/\S+/.test(line) ? `${line.length} columns` : null,
  )
}

/** Files are short. */
export function fileLength(path, text) {
  const lines = text.split('\n').length - 1
  return lines >= MAX_FILE ? [`${path}:${lines} the file has ${lines} lines`] : []
}

/** Nothing is left for later. */
export function nothingUnfinished(path, text) {
  return eachLine(path, text, (line) => UNFINISHED.exec(line)?.[0] ?? null)
}

const RUST_FUNCTION = /^\s*(pub(\([\w: ]+\))? )?((const|async|unsafe|extern "C") )*fn \w+/
const JS_FUNCTION =
  /(\bfunction\b.*\{|=> \{|^\s*(static |async |get |set |\*)*[\w#$.[\]]+\(.*\) \{)$/
const JS_NOT_FUNCTION = /^\s*(\} else )?(if|for|while|switch|catch|with)\b|^\s*\} catch/
// A suite is a list of tests, each a function of its own.
const JS_SUITE = /^\s*(describe|suite)(\.\w+)?\(/

function startsFunction(path, line) {
  if (path.endsWith('.rs')) return RUST_FUNCTION.test(line) && !line.trimEnd().endsWith(';')
  return JS_FUNCTION.test(line) && !JS_NOT_FUNCTION.test(line) && !JS_SUITE.test(line)
}

/** Functions are short: from the line that starts one to the brace at the same depth. */
export function functionLength(path, text) {
  return eachLine(path, text, (line, at, lines) => {
    if (!startsFunction(path, line)) return null
    if (line.trimEnd().endsWith('}')) return null
    const depth = line.search(/\S/)
    const rest = lines.slice(at + 1)
    // A trait's method without a body ends in a semicolon before any brace at its depth.
    const length = rest.findIndex((other) => other.search(/\S/) === depth && /^\s*[}]/.test(other))
    return length + 2 >= MAX_FUNCTION ? `a function of ${length + 2} lines` : null
  })
}

const UNSAFE_ROOMS = [/^src\/uv\//, /^src\/js\//, /^src\/http1\/src\/milo\.rs$/]

/** The line without its comment and its strings. */
function codeOf(line) {
  return line.replace(/"(\\.|[^"\\])*"/g, '""').replace(/\/\/.*/, '')
}

/** `unsafe` stands only in the rooms that talk to C. */
export function unsafePlaces(path, text) {
  if (!path.endsWith('.rs') || UNSAFE_ROOMS.some((room) => room.test(path))) return []
  return eachLine(path, text, (line) =>
    /\bunsafe\b/.test(codeOf(line)) ? 'unsafe outside the rooms that may use it' : null,
  )
}

const COMMENT_OR_ATTRIBUTE = /^\s*(\/\/|#\[|#!\[)/

/** The comments directly above the statement that holds line `at`. */
function commentsAbove(lines, at) {
  let top = at
  // A statement may have begun some lines before the block: up to where the last one ended.
  while (top > 0 && !COMMENT_OR_ATTRIBUTE.test(lines[top - 1]) && at - top < 6) {
    if (/[;{}]\s*$|^\s*$/.test(lines[top - 1])) break
    top -= 1
  }
  let first = top
  while (first > 0 && COMMENT_OR_ATTRIBUTE.test(lines[first - 1])) first -= 1
  return lines.slice(first, top).join('\n')
}

/** Each unsafe block says why it is sound; each unsafe function says what its caller owes. */
export function safetyComments(path, text) {
  if (!path.endsWith('.rs')) return []
  return eachLine(path, text, (line, at, lines) => {
    const code = codeOf(line)
    const isFunction = /\bunsafe (extern "" )?fn \w+/.test(code)
    const isBlock = /\bunsafe (\{|impl\b|extern "" \{)/.test(code)
    if (!isFunction && !isBlock) return null
    const above = commentsAbove(lines, at)
    if (/\/\/ SAFETY: \S/.test(above)) return null
    if (isFunction && /\/\/\/ # Safety/.test(above)) return null
    return isFunction ? 'an unsafe fn without # Safety' : 'unsafe without // SAFETY: above it'
  })
}

export const lineRules = [
  lineLength,
  fileLength,
  nothingUnfinished,
  functionLength,
  unsafePlaces,
  safetyComments,
]
