// All cases, in the order of the table.

import chunked from './chunked.mjs'
import connection from './connection.mjs'
import expect from './expect.mjs'
import framing from './framing.mjs'
import headers from './headers.mjs'
import limits from './limits.mjs'
import requestLine from './request-line.mjs'
import responses from './responses.mjs'
import smuggling from './smuggling.mjs'
import versions from './versions.mjs'

export const cases = [
  ...requestLine,
  ...versions,
  ...headers,
  ...framing,
  ...chunked,
  ...limits,
  ...expect,
  ...connection,
  ...responses,
  ...smuggling,
]
