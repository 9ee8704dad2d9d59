'use strict';
// A working stand-in for @modelcontextprotocol/sdk: servers speak the protocol of 2025-06-18 over the
// standard streams, in whatever way they would have done it.
const methods = {
  ListToolsRequestSchema: 'tools/list', CallToolRequestSchema: 'tools/call',
  ListResourcesRequestSchema: 'resources/list', ReadResourceRequestSchema: 'resources/read',
  ListResourceTemplatesRequestSchema: 'resources/templates/list', ListPromptsRequestSchema: 'prompts/list',
  GetPromptRequestSchema: 'prompts/get', CompleteRequestSchema: 'completion/complete',
  SetLevelRequestSchema: 'logging/setLevel', SubscribeRequestSchema: 'resources/subscribe',
  UnsubscribeRequestSchema: 'resources/unsubscribe', PingRequestSchema: 'ping',
  InitializedNotificationSchema: 'notifications/initialized',
  RootsListChangedNotificationSchema: 'notifications/roots/list_changed',
};

// --- anything else ---

function anything() {
  const made = new Proxy(function () {}, {
    get: (target, key) => (key === 'then' ? undefined : key === Symbol.toPrimitive ? () => '' :
      key === Symbol.iterator ? function* () {} : key in target ? target[key] : made),
    apply: () => made, construct: () => made,
  });
  return made;
}

class Schema {
  constructor(method) { Object.assign(this, { method, shape: { method: { value: method } } }); }
  parse(value) { return value; }
  safeParse(data) { return { success: true, data }; }
  extend() { return this; }
}

class McpError extends Error {
  constructor(code, message, data) {
    super(`MCP error ${code}: ${message}`);
    Object.assign(this, { code, data, name: 'McpError' });
  }
}

// --- schemas ---

function jsonOf(schema) {
  if (!schema || typeof schema !== 'object') return { type: 'object', properties: {} };
  if (typeof schema.json === 'function') return schema.json();
  if (schema.type === 'object' && typeof schema.properties === 'object') return schema;
  const types = { string: 'string', number: 'number', boolean: 'boolean', array: 'array', object: 'object' };
  const of = (kind) => {
    if (typeof kind?.json === 'function') return kind.json();
    const name = String(kind?._def?.typeName || kind?._def?.type || '').replace(/^Zod/, '').toLowerCase();
    if (kind?._def?.innerType) return of(kind._def.innerType);
    return { ...(types[name] ? { type: types[name] } : {}), ...(kind?.options ? { enum: kind.options } : {}),
      ...(typeof kind?.description === 'string' ? { description: kind.description } : {}) };
  };
  const shape = typeof schema._def === 'object' ? schema.shape || {} : schema;
  return { type: 'object', properties: Object.fromEntries(Object.entries(shape).map(([key, kind]) => [key, of(kind)])),
    required: Object.entries(shape).filter(([, kind]) => (kind?.needed ?? !kind?.isOptional?.())).map(([key]) => key) };
}

function checked(schema, given) {
  if (!schema || typeof schema !== 'object') return given;
  if (typeof schema.parse === 'function') return schema.parse(given);
  const made = { ...given };
  for (const [key, kind] of Object.entries(schema)) {
    if (typeof kind?.parse !== 'function') continue;
    const value = kind.parse(given[key]);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

// What a function compares its parameters with is tried: "params.mode === 'x'", "case 'x':"
function compared(handler, schema) {
  const text = String(handler).slice(0, 65536);
  for (const [name, about] of Object.entries(schema.properties || {})) {
    if (about?.enum || about?.type === 'boolean' || !/^\w{1,64}$/.test(name)) continue;
    const found = [...text.matchAll(new RegExp(`\\b${name}\\s*={2,3}\\s*(['"])([^'"\\n]{1,64})\\1`, 'g'))].map((hit) => hit[2]);
    if (new RegExp(`switch\\s*\\([^)]{0,40}\\b${name}\\)`).test(text))
      found.push(...[...text.matchAll(/case\s*(['"])([^'"\n]{1,64})\1/g)].map((hit) => hit[2]));
    if (found.length) about.examples = [...new Set([about.default, ...found])].filter((value) => value !== undefined).slice(0, 8);
  }
  return schema;
}

// --- over the standard streams ---

let served = false;

function serve(server) {
  if (served) return;
  served = true;
  let rest = '', queue = Promise.resolve();
  const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
  server.send = send;
  const take = async (message) => {
    if (message.id === undefined || typeof message.method !== 'string') {
      if (message.method === 'notifications/initialized') server.oninitialized?.();
      else if (message.id !== undefined) server.heard(message);
      return;
    }
    try {
      send({ id: message.id, result: await server.answer(message) });
    } catch (error) {
      send({ id: message.id, error: { code: Number.isInteger(error?.code) ? error.code : -32603, message: String(error?.message ?? error) } });
    }
  };
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      let message;
      try {
        message = JSON.parse(line);
      } catch {
        continue;
      }
      if (message.method) queue = queue.then(() => take(message));
      else void take(message);
    }
  });
  process.stdin.on('end', () => server.onclose?.());
}

class Server {
  constructor(info = {}, options = {}) {
    Object.assign(this, { info, options, handlers: {}, waiting: {}, asked: 0, server: this });
    servers.push(this);
    this.transport = undefined;
  }

  setRequestHandler(schema, handler) {
    const method = schema?.method || schema?.shape?.method?.value || schema?.shape?.method?._def?.value || String(schema);
    this.handlers[method] = handler;
  }

  setNotificationHandler() {}
  removeRequestHandler(method) { delete this.handlers[method]; }
  registerCapabilities(more) { this.options.capabilities = { ...this.options.capabilities, ...more }; }
  getClientCapabilities() { return this.client?.capabilities || {}; }
  getClientVersion() { return this.client?.clientInfo; }
  assertCanSetRequestHandler() {}
  isConnected() { return served; }

  async connect(transport) {
    this.transport = transport;
    serve(this);
  }

  async close() { this.onclose?.(); }

  async notification(message) { this.send?.(message); }
  async sendLoggingMessage(params) { this.send?.({ method: 'notifications/message', params }); }
  async sendToolListChanged() { this.send?.({ method: 'notifications/tools/list_changed' }); }
  async sendResourceListChanged() { this.send?.({ method: 'notifications/resources/list_changed' }); }
  async sendResourceUpdated(params) { this.send?.({ method: 'notifications/resources/updated', params }); }
  async sendPromptListChanged() { this.send?.({ method: 'notifications/prompts/list_changed' }); }

  heard(message) {
    const waiting = this.waiting[message.id];
    delete this.waiting[message.id];
    if (waiting) message.error ? waiting[1](new McpError(message.error.code, message.error.message)) : waiting[0](message.result);
  }

  request({ method, params }) {
    const id = `s${++this.asked}`;
    return new Promise((...both) => {
      this.waiting[id] = both;
      this.send?.({ id, method, params });
      setTimeout(() => both[1](new McpError(-32001, 'Request timed out')), 2000).unref();
    });
  }

  createMessage(params) { return this.request({ method: 'sampling/createMessage', params }); }
  elicitInput(params) { return this.request({ method: 'elicitation/create', params }); }
  listRoots() { return this.request({ method: 'roots/list', params: {} }); }

  capabilities() {
    const kinds = Object.keys(this.handlers).filter((method) => /^(tools|resources|prompts)\//.test(method));
    return { ...this.options.capabilities, ...Object.fromEntries(kinds.map((method) => [method.split('/')[0], {}])) };
  }

  async answer(message) {
    if (message.method === 'initialize') {
      this.client = message.params || {};
      return { protocolVersion: '2025-06-18', capabilities: this.capabilities(),
        serverInfo: { name: String(this.info.name || 'server'), version: String(this.info.version || '1.0.0') },
        ...(typeof this.options.instructions === 'string' ? { instructions: this.options.instructions } : {}) };
    }
    if (message.method === 'ping') return {};
    const handler = this.handlers[message.method];
    if (!handler) throw new McpError(-32601, 'Method not found');
    return await handler({ method: message.method, params: message.params || {} }, this.extra(message));
  }

  extra(message) {
    return { signal: new AbortController().signal, requestId: message.id, _meta: message.params?._meta,
      sendNotification: async (given) => this.send?.(given), sendRequest: (given) => this.request(given) };
  }
}

// --- the server above ---

class Entry {
  constructor(fields, handler) {
    Object.assign(this, fields, { handler, enabled: true });
    this.callback = handler;
  }
  enable() { this.enabled = true; }
  disable() { this.enabled = false; }
  remove() { this.enabled = false; }
  update(fields) { Object.assign(this, fields); }
}

class ResourceTemplate {
  constructor(uri, callbacks = {}) { Object.assign(this, { uri: String(uri), callbacks }); }
  get uriTemplate() { return this.uri; }
}

class McpServer extends Server {
  constructor(info, options) {
    super(info, options);
    Object.assign(this, { tools: {}, resources: {}, prompts: {} });
    const on = (method, handler) => { this.handlers[method] = handler; };
    on('tools/list', () => ({ tools: this.live(this.tools).map(([name, tool]) => ({ name, title: tool.title,
      description: tool.description, inputSchema: compared(tool.handler, jsonOf(tool.inputSchema)), annotations: tool.annotations })) }));
    on('tools/call', (request, extra) => this.call(request.params, extra));
    on('resources/list', () => ({ resources: this.live(this.resources).filter(([, entry]) => !(entry.uri instanceof ResourceTemplate))
      .map(([, entry]) => ({ uri: entry.uri, name: entry.name, description: entry.description, mimeType: entry.mimeType })) }));
    on('resources/templates/list', () => ({ resourceTemplates: this.live(this.resources)
      .filter(([, entry]) => entry.uri instanceof ResourceTemplate)
      .map(([, entry]) => ({ uriTemplate: entry.uri.uri, name: entry.name, description: entry.description })) }));
    on('resources/read', (request, extra) => this.read(String(request.params.uri), extra));
    on('prompts/list', () => ({ prompts: this.live(this.prompts).map(([name, prompt]) => ({ name, description: prompt.description,
      arguments: Object.entries(jsonOf(prompt.argsSchema).properties).map(([key, about]) => ({ name: key, description: about.description })) })) }));
    on('prompts/get', (request, extra) => this.get(request.params, extra));
  }

  live(table) { return Object.entries(table).filter(([, entry]) => entry.enabled); }

  registerTool(name, about, handler) { return (this.tools[name] = new Entry({ ...about }, handler)); }

  // (name, description?, shape?, annotations?, handler)
  tool(name, ...rest) {
    const handler = rest.pop();
    const description = typeof rest[0] === 'string' ? rest.shift() : undefined;
    return this.registerTool(name, { description, inputSchema: rest[0], annotations: rest[1] }, handler);
  }

  registerResource(name, uri, about, handler) { return (this.resources[name] = new Entry({ ...about, name, uri }, handler)); }
  resource(name, uri, ...rest) { return this.registerResource(name, uri, rest.length > 1 ? rest[0] : {}, rest[rest.length - 1]); }
  registerPrompt(name, about, handler) { return (this.prompts[name] = new Entry({ ...about }, handler)); }

  prompt(name, ...rest) {
    const handler = rest.pop();
    const description = typeof rest[0] === 'string' ? rest.shift() : undefined;
    return this.registerPrompt(name, { description, argsSchema: rest[0] }, handler);
  }

  async call({ name, arguments: given = {} }, extra) {
    const tool = this.tools[name];
    if (!tool) throw new McpError(-32602, `Tool ${name} not found`);
    try {
      return await (tool.inputSchema ? tool.handler(checked(tool.inputSchema, given), extra) : tool.handler(extra));
    } catch (error) {
      return { isError: true, content: [{ type: 'text', text: String(error?.message ?? error) }] };
    }
  }

  async read(uri, extra) {
    for (const [, entry] of this.live(this.resources)) {
      if (entry.uri === uri) return entry.handler(new URL(uri), extra);
      if (!(entry.uri instanceof ResourceTemplate)) continue;
      const names = [...entry.uri.uri.matchAll(/\{[+#./;?&]?(\w+)\*?\}/g)].map((hit) => hit[1]);
      const pattern = entry.uri.uri.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)');
      const hit = new RegExp(`^${pattern}$`).exec(uri);
      if (hit) return entry.handler(new URL(uri), Object.fromEntries(names.map((key, i) => [key, hit[i + 1]])), extra);
    }
    throw new McpError(-32602, `Resource ${uri} not found`);
  }

  async get({ name, arguments: given = {} }, extra) {
    const prompt = this.prompts[name];
    if (!prompt) throw new McpError(-32602, `Prompt ${name} not found`);
    return prompt.argsSchema ? prompt.handler(checked(prompt.argsSchema, given), extra) : prompt.handler(extra);
  }
}

// A script that ended with its tools registered, and has connected nothing.
const servers = [];
process.once('beforeExit', () => {
  const found = servers.find((server) => Object.keys(server.handlers).length > 0);
  if (found && !served && require.main !== undefined) serve(found);
});

// --- what the modules have; names of types are there for compilers that leave them in ---

class Transport {
  constructor(...given) { this.given = given; }
  async start() {}
  async close() { this.onclose?.(); }
  async send() {}
  async handleRequest() {}
  async handlePostMessage() {}
}

module.exports.McpServer = McpServer;
module.exports.Server = Server;
module.exports.ResourceTemplate = ResourceTemplate;
module.exports.StdioServerTransport = Transport;
module.exports.SSEServerTransport = Transport;
module.exports.StreamableHTTPServerTransport = Transport;
module.exports.InMemoryTransport = Transport;
module.exports.Client = anything();
module.exports.StdioClientTransport = Transport;
module.exports.SSEClientTransport = Transport;
module.exports.StreamableHTTPClientTransport = Transport;
module.exports.McpError = McpError;
module.exports.completable = (schema) => schema;
module.exports.isInitializeRequest = (message) => message?.method === 'initialize';
module.exports.InMemoryEventStore = class {};
module.exports.ErrorCode = { ConnectionClosed: -32000, RequestTimeout: -32001, ParseError: -32700,
  InvalidRequest: -32600, MethodNotFound: -32601, InvalidParams: -32602, InternalError: -32603 };
module.exports.LATEST_PROTOCOL_VERSION = '2025-06-18';
module.exports.ListToolsRequestSchema = new Schema(methods.ListToolsRequestSchema);
module.exports.CallToolRequestSchema = new Schema(methods.CallToolRequestSchema);
module.exports.ListResourcesRequestSchema = new Schema(methods.ListResourcesRequestSchema);
module.exports.ReadResourceRequestSchema = new Schema(methods.ReadResourceRequestSchema);
module.exports.ListResourceTemplatesRequestSchema = new Schema(methods.ListResourceTemplatesRequestSchema);
module.exports.ListPromptsRequestSchema = new Schema(methods.ListPromptsRequestSchema);
module.exports.GetPromptRequestSchema = new Schema(methods.GetPromptRequestSchema);
module.exports.CompleteRequestSchema = new Schema(methods.CompleteRequestSchema);
module.exports.SetLevelRequestSchema = new Schema(methods.SetLevelRequestSchema);
module.exports.SubscribeRequestSchema = new Schema(methods.SubscribeRequestSchema);
module.exports.UnsubscribeRequestSchema = new Schema(methods.UnsubscribeRequestSchema);
module.exports.PingRequestSchema = new Schema(methods.PingRequestSchema);
module.exports.InitializedNotificationSchema = new Schema(methods.InitializedNotificationSchema);
module.exports.RootsListChangedNotificationSchema = new Schema(methods.RootsListChangedNotificationSchema);
module.exports.CallToolResultSchema = new Schema('');
module.exports.ToolSchema = new Schema('');
module.exports.ListRootsResultSchema = new Schema('');
module.exports.CreateMessageResultSchema = new Schema('');
module.exports.ElicitResultSchema = new Schema('');
module.exports.LoggingLevelSchema = new Schema('');
module.exports.CallToolResult = new Schema('');
module.exports.CallToolRequest = new Schema('');
module.exports.Tool = new Schema('');
module.exports.Resource = new Schema('');
module.exports.Prompt = new Schema('');
module.exports.Root = new Schema('');
module.exports.TextContent = new Schema('');
module.exports.ImageContent = new Schema('');
module.exports.GetPromptResult = new Schema('');
module.exports.ListToolsResult = new Schema('');
module.exports.ReadResourceResult = new Schema('');
module.exports.ResourceLink = new Schema('');
module.exports.ContentBlock = new Schema('');
module.exports.LoggingLevel = new Schema('');
module.exports.ServerNotification = new Schema('');
module.exports.ServerRequest = new Schema('');
module.exports.RequestHandlerExtra = new Schema('');
module.exports.EventStore = new Schema('');
module.exports.RegisteredTool = new Schema('');
module.exports.RegisteredResource = new Schema('');
module.exports.ToolCallback = new Schema('');
