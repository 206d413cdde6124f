// The `hubspot` package 2 (v1 and v2 routes): node node_old.cjs URL TOKEN, in a folder where it is installed.
const { createRequire } = require('module')
const Hubspot = createRequire(process.cwd() + '/')('hubspot')

const [url, token] = process.argv.slice(2)
const client = new Hubspot({ accessToken: token, baseUrl: url, limiter: { minTime: 0, maxConcurrent: 4 } })
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')
const value = (properties) => Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, one.value]))

const run = async (stream, work) => {
  try {
    say({ stream, rows: await work() })
  } catch (mistake) {
    say({ stream, error: String(mistake.message || mistake).slice(0, 400) })
  }
}

const paged = async (call, list, key, more, next) => {
  const found = {}
  let page = {}
  do {
    page = await call(next(page))
    for (const one of page[list]) found[one[key]] = one.properties ? value(one.properties) : {}
  } while (page[more])
  return found
}

const main = async () => {
  const names = ['email', 'firstname', 'lastname']
  await run('contacts', () => paged((at) => client.contacts.get({ count: 100, property: names, ...at }), 'contacts', 'vid',
    'has-more', (page) => (page['vid-offset'] ? { vidOffset: page['vid-offset'] } : {})))
  await run('companies', () => paged((at) => client.companies.get({ limit: 100, properties: ['name', 'domain'], ...at }),
    'companies', 'companyId', 'has-more', (page) => (page.offset ? { offset: page.offset } : {})))
  await run('deals', () => paged((at) => client.deals.get({ limit: 100, properties: ['dealname', 'amount'], ...at }), 'deals',
    'dealId', 'hasMore', (page) => (page.offset ? { offset: page.offset } : {})))
  await run('tickets', () => paged((at) => client.apiRequest({ path: '/crm-objects/v1/objects/tickets/paged', qs: { properties: 'subject', ...at } }), 'objects', 'objectId',
    'hasMore', (page) => (page.offset ? { offset: page.offset } : {})))
  await run('engagements', async () => {
    const found = {}
    let page = { offset: 0 }
    do {
      page = await client.engagements.get({ limit: 250, offset: page.offset })
      for (const one of page.results) found[one.engagement.id] = {}
    } while (page.hasMore)
    return found
  })
  await run('forms', async () => Object.fromEntries((await client.forms.getAll()).map((one) => [one.guid, {}])))
  await run('workflows', async () => Object.fromEntries((await client.workflows.getAll()).workflows.map((one) => [one.id, {}])))
  await run('campaigns', async () => Object.fromEntries((await client.campaigns.get({ limit: 500 })).campaigns.map((one) => [one.id, {}])))
  await run('properties:contacts', async () =>
    Object.fromEntries((await client.contacts.properties.getAll()).map((one) => [one.name, {}])))
  await run('contacts:write', async () => {
    const made = await client.contacts.create({ properties: [{ property: 'email', value: 'old@example.test' }] })
    await client.contacts.update(made.vid, { properties: [{ property: 'firstname', value: 'Changed' }] })
    const seen = await client.contacts.getById(made.vid)
    await client.contacts.delete(made.vid)
    return { write: { firstname: seen.properties.firstname.value } }
  })
}

main()
