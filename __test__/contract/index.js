// The cases of the contract by area. A case has `handle`, which runs as a handler in the server's
// process, and `check`, which asks it over a socket from the test's.

import { aborts } from './aborts.js'
import { bodies } from './bodies.js'
import { errors } from './errors.js'
import { framing } from './framing.js'
import { handoff } from './handoff.js'
import { kinds } from './kinds.js'
import { realms } from './realms.js'
import { requests } from './requests.js'
import { responses } from './responses.js'
import { streams } from './streams.js'
import { uploads } from './uploads.js'
import { wire } from './wire.js'

export const areas = {
  requests,
  bodies,
  uploads,
  kinds,
  responses,
  streams,
  realms,
  handoff,
  errors,
  aborts,
  framing,
  wire,
}
