// @hubspot/api-client from 3 on: node node_sdk.cjs URL TOKEN, in a folder where it is installed.
const { createRequire } = require('module')
const { Client } = createRequire(process.cwd() + '/')('@hubspot/api-client')

const [url, token] = process.argv.slice(2)
const client = new Client({ accessToken: token, basePath: url, limiterOptions: { minTime: 0, maxConcurrent: 4 } })
const crm = client.crm
const text = (answer) => answer.body || answer
const PROPERTIES = {
  contacts: ['email', 'firstname', 'lastname', 'lifecyclestage', 'hs_analytics_num_page_views'],
  companies: ['name', 'domain', 'industry', 'numberofemployees'],
  deals: ['dealname', 'amount', 'dealstage', 'closedate'],
  tickets: ['subject', 'hs_pipeline_stage'],
  products: undefined,
  lineItems: undefined,
  quotes: undefined,
}
const rows = (records) => Object.fromEntries(records.map((one) => [one.id, one.properties || {}]))
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')

const run = async (stream, work) => {
  try {
    say({ stream, rows: await work() })
  } catch (mistake) {
    say({ stream, error: String(mistake.message || mistake).slice(0, 400) })
  }
}

const searched = async () => {
  const found = {}
  for (let last = '0'; ; ) {
    const answer = text(await crm.contacts.searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'hs_object_id', operator: 'GT', value: last }] }],
      sorts: ['hs_object_id'], properties: PROPERTIES.contacts, limit: 100, after: 0,
    }))
    if (!answer.results.length) return found
    Object.assign(found, rows(answer.results))
    last = answer.results[answer.results.length - 1].id
  }
}

const batch = async () => {
  const ids = (await crm.contacts.getAll()).map(({ id }) => ({ id }))
  const found = {}
  for (let start = 0; start < ids.length; start += 100) {
    const answer = text(await crm.contacts.batchApi.read({
      properties: PROPERTIES.contacts, propertiesWithHistory: [], inputs: ids.slice(start, start + 100),
    }))
    Object.assign(found, rows(answer.results))
  }
  return found
}

const pairs = async () => {
  const found = {}
  const before = crm.owners.ownersApi ? [undefined, undefined, undefined, undefined] : [undefined, undefined, undefined]
  for (const one of await crm.contacts.getAll(...before, ['companies'])) {
    const links = one.associations && one.associations.companies
    for (const link of (links && links.results) || []) found[`${one.id}>${link.id}`] = {}
  }
  return found
}

const associations = async () => {
  const inputs = (await crm.contacts.getAll()).map(({ id }) => ({ id }))
  const found = {}
  const four = crm.associations.v4
  const answer = four
    ? await four.batchApi.getPage('contacts', 'companies', { inputs })
    : text(await crm.associations.batchApi.read('contacts', 'companies', { inputs }))
  for (const one of answer.results) for (const link of one.to) found[`${(one._from || one.from).id}>${link.toObjectId || link.id}`] = {}
  return found
}

const owners = async () => {
  const api = crm.owners.ownersApi || crm.owners.defaultApi
  const page = text(await api.getPage(undefined, undefined, 100))
  return Object.fromEntries(page.results.map((one) => [one.id, { email: one.email }]))
}

const stages = async () => {
  const found = {}
  for (const pipeline of text(await crm.pipelines.pipelinesApi.getAll('deals')).results) {
    for (const stage of pipeline.stages) found[`${pipeline.id}/${stage.id}`] = { label: stage.label }
  }
  return found
}

const definitions = async () =>
  Object.fromEntries(text(await crm.properties.coreApi.getAll('contacts')).results.map((one) => [one.name, { type: one.type }]))

const write = async () => {
  const api = crm.contacts.basicApi
  const made = text(await api.create({ properties: { email: 'node@example.test', firstname: 'Peer' }, associations: [] }))
  await api.update(made.id, { properties: { firstname: 'Changed' } })
  const seen = text(await api.getById(made.id, ['firstname']))
  const answer = text(await crm.contacts.batchApi.update({ inputs: [{ id: made.id, properties: { lastname: 'Batch' } }] }))
  await api.archive(made.id)
  return { write: { firstname: seen.properties.firstname, status: answer.status, lastname: answer.results[0].properties.lastname } }
}

const main = async () => {
  for (const [kind, names] of Object.entries(PROPERTIES)) {
    const stream = kind === 'lineItems' ? 'line_items' : kind
    await run(stream, async () => rows(await crm[kind].getAll(undefined, undefined, names)))
  }
  await run('contacts:search', searched)
  await run('contacts:batch', batch)
  await run('contacts>companies', pairs)
  await run('contacts>companies:v4', associations)
  await run('owners', owners)
  await run('stages:deals', stages)
  await run('properties:contacts', definitions)
  await run('contacts:write', write)
}

main()
