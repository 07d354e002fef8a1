// The code blocks of a document, and what a hidden comment before one says of how to test it.

/**
 * What a comment may say, one thing a line:
 *
 *     <!-- test
 *     with server
 *     POST /echo hello => 200 hello
 *     -->
 *
 * - `with NAME`: the block is a fragment; CONTEXTS in program.js has what stands before it
 * - `file NAME`: the block is also this file, for the blocks after it
 * - `needs NAME`: a program or package that may not be there; without it the test is skipped
 * - `METHOD PATH [BODY] => STATUS [TEXT]`: what the server of the block is asked, and answers;
 *   TEXT between slashes is a pattern
 * - `proxied`: its server wants the header of the PROXY protocol before anything else
 * - `ends`: the program serves nobody, though it looks so, and ends by itself
 * - `stderr /PATTERN/`: what it may say there
 */
const ASK = /^([A-Z]+) (\/\S*)(?: (.*?))? => (\d{3})(?: (.*))?$/

function textOf(expected) {
  if (expected === undefined) return undefined
  const pattern = /^\/(.*)\/$/.exec(expected)
  return pattern === null ? expected : new RegExp(pattern[1])
}

/** Reads one comment; throws on what it does not know. */
export function settingsOf(comment) {
  const settings = {
    contexts: [],
    asks: [],
    needs: [],
    file: undefined,
    ends: false,
    proxied: false,
  }
  for (const line of comment.split('\n').map((each) => each.trim())) {
    const ask = ASK.exec(line)
    const [word, ...rest] = line.split(' ')
    const value = rest.join(' ')
    if (line === '') continue
    else if (ask !== null) {
      const [, method, path, body, status, text] = ask
      settings.asks.push({ method, path, body, status: Number(status), text: textOf(text) })
    } else if (word === 'with') settings.contexts.push(value)
    else if (word === 'needs') settings.needs.push(value)
    else if (word === 'file') settings.file = value
    else if (line === 'ends') settings.ends = true
    else if (line === 'proxied') settings.proxied = true
    else if (word === 'stderr') settings.stderr = textOf(value)
    else throw new Error(`what does '${line}' mean?`)
  }
  return settings
}

/** `{ line, language, text, settings }` of each fenced block, in their order. */
export function blocksOf(markdown) {
  const lines = markdown.split('\n')
  const blocks = []
  let comment = ''
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^( *)(`{3,}|~{3,})\s*([\w-]*)/.exec(lines[at])
    if (fence !== null) {
      const [, indent, marks, language] = fence
      const start = at + 1
      const end = lines.findIndex((line, index) => index > at && line.trim() === marks)
      if (end === -1) throw new Error(`line ${start}: the block has no end`)
      const text = lines.slice(start, end).map((line) => line.slice(indent.length))
      const settings = settingsOf(comment)
      blocks.push({ line: start, language, text: `${text.join('\n')}\n`, settings })
      at = end
      comment = ''
    } else if (/^<!-- test\b/.test(lines[at])) {
      const end = lines.findIndex((line, index) => index >= at && line.includes('-->'))
      const whole = lines.slice(at, end + 1).join('\n')
      comment = whole.replace(/^<!-- test:?/, '').replace('-->', '')
      at = end
    } else if (lines[at].trim() !== '' && comment !== '') {
      throw new Error(`line ${at + 1}: the comment before is followed by no block`)
    }
  }
  return blocks
}
