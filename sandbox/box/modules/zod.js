'use strict';
// A stand-in for zod and zod-to-json-schema: it describes and checks as far as tools need it.
class ZodError extends Error {
  constructor(issues) {
    super(JSON.stringify(issues));
    Object.assign(this, { name: 'ZodError', issues, errors: issues });
  }
}

const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array'
  : Number.isInteger(value) ? 'integer' : typeof value);

class ZodType {
  constructor(schema = {}, more = {}) {
    this.schema = schema;
    Object.assign(this, { needed: true, checks: [], shape: undefined, inner: undefined, fallback: undefined,
      empty: false, ...more });
    this.description = schema.description;
    this._def = { description: schema.description, shape: () => more.shape || {} };
    // What is no rule of ours changes nothing.
    return new Proxy(this, { get: (target, key) => (key in target || typeof key === 'symbol' || key === 'then'
      ? Reflect.get(target, key) : () => target.with({})) });
  }

  with(schema, more = {}) {
    const { needed, checks, shape, fallback, inner, empty } = this;
    return new ZodType({ ...this.schema, ...schema }, { needed, checks, shape, fallback, inner, empty,
      ...more });
  }

  describe(description) { return this.with({ description }); }
  optional() { return this.with({}, { needed: false }); }
  nullish() { return this.optional(); }
  nullable() { return this.with({}, { empty: true }); }
  default(value) {
    const fallback = typeof value === 'function' ? value : () => value;
    return this.with({ default: fallback() }, { needed: false, fallback });
  }
  catch(value) { return this.default(value); }
  min(n) { return this.with(this.schema.type === 'string' ? { minLength: n } : this.schema.type === 'array' ? { minItems: n } : { minimum: n }); }
  max(n) { return this.with(this.schema.type === 'string' ? { maxLength: n } : this.schema.type === 'array' ? { maxItems: n } : { maximum: n }); }
  gte(n) { return this.min(n); }
  lte(n) { return this.max(n); }
  int() { return this.with({ type: 'integer' }); }
  positive() { return this.with({ minimum: 1 }); }
  nonnegative() { return this.with({ minimum: 0 }); }
  url() { return this.with({ format: 'uri' }); }
  email() { return this.with({ format: 'email' }); }
  uuid() { return this.with({ format: 'uuid' }); }
  datetime() { return this.with({ format: 'date-time' }); }
  array() { return z.array(this); }
  or(other) { return z.union([this, other]); }
  and(other) { return this.shape && other.shape ? this.merge(other) : this; }
  transform(change) { return this.with({}, { checks: [...this.checks, change] }); }
  pipe() { return this; }
  refine() { return this; }
  superRefine() { return this; }
  unwrap() { return this; }
  extend(shape) { return z.object({ ...this.shape, ...shape }).with({ description: this.schema.description }); }
  merge(other) { return this.extend(other.shape || {}); }
  pick(keys) { return z.object(Object.fromEntries(Object.entries(this.shape || {}).filter(([key]) => keys[key]))); }
  omit(keys) { return z.object(Object.fromEntries(Object.entries(this.shape || {}).filter(([key]) => !keys[key]))); }
  partial() { return z.object(Object.fromEntries(Object.entries(this.shape || {}).map(([key, kind]) => [key, kind.optional()]))); }
  passthrough() { return this; }
  strict() { return this; }
  get options() { return this.schema.enum; }
  get enum() { return Object.fromEntries((this.schema.enum || []).map((value) => [value, value])); }
  get element() { return this.inner; }

  look(value, path, issues) {
    if (value === undefined && this.fallback) value = this.fallback();
    if (value === undefined && !this.needed) return undefined;
    if (value === null && this.empty) return null;
    const { type, enum: list, const: fixed } = this.schema;
    const kind = typeOf(value);
    if ((type && kind !== type && !(type === 'number' && kind === 'integer')) || value === undefined && type ||
        (list && !list.includes(value)) || (fixed !== undefined && value !== fixed)) {
      issues.push({ code: 'invalid_type', expected: type, received: value === undefined ? 'undefined' : kind,
        path, message: value === undefined ? 'Required' : 'Invalid input' });
      return value;
    }
    if (this.shape) {
      const made = { ...value };
      for (const [key, below] of Object.entries(this.shape)) {
        const found = below.look(value[key], [...path, key], issues);
        if (found !== undefined) made[key] = found;
      }
      value = made;
    } else if (this.inner && kind === 'array') {
      value = value.map((item, i) => this.inner.look(item, [...path, i], issues));
    }
    return this.checks.reduce((made, check) => check(made), value);
  }

  safeParse(value) {
    const issues = [];
    try {
      const data = this.look(value, [], issues);
      return issues.length ? { success: false, error: new ZodError(issues) } : { success: true, data };
    } catch (error) {
      return { success: false, error };
    }
  }

  parse(value) {
    const made = this.safeParse(value);
    if (!made.success) throw made.error;
    return made.data;
  }

  async parseAsync(value) { return this.parse(value); }
  async safeParseAsync(value) { return this.safeParse(value); }

  json() {
    const made = { ...this.schema };
    if (this.shape) {
      made.properties = Object.fromEntries(Object.entries(this.shape).map(([key, kind]) => [key, jsonOf(kind)]));
      made.required = Object.entries(this.shape).filter(([, kind]) => kind.needed !== false).map(([key]) => key);
    }
    if (this.inner && made.type === 'array') made.items = jsonOf(this.inner);
    return made;
  }
}

function jsonOf(kind) {
  if (kind instanceof ZodType) return kind.json();
  const name = String(kind?._def?.typeName || kind?._def?.type || '').replace(/^Zod/, '').toLowerCase();
  const types = { string: 'string', number: 'number', boolean: 'boolean', array: 'array', object: 'object' };
  const made = types[name] ? { type: types[name] } : {};
  if (name === 'optional' || name === 'default' || name === 'nullable') return jsonOf(kind._def.innerType);
  if (name === 'enum') return { enum: kind.options };
  if (name === 'object') {
    const shape = kind.shape || {};
    made.properties = Object.fromEntries(Object.entries(shape).map(([key, below]) => [key, jsonOf(below)]));
    made.required = Object.entries(shape).filter(([, below]) => !below.isOptional?.()).map(([key]) => key);
  }
  if (typeof kind?.description === 'string') made.description = kind.description;
  return made;
}

const any = () => new ZodType({}, { needed: false });
const z = {
  string: () => new ZodType({ type: 'string' }), number: () => new ZodType({ type: 'number' }),
  bigint: () => new ZodType({ type: 'integer' }), boolean: () => new ZodType({ type: 'boolean' }),
  int: () => new ZodType({ type: 'integer' }), null: () => new ZodType({ type: 'null' }),
  date: () => new ZodType({ type: 'string', format: 'date-time' }, { checks: [(value) => new Date(value)] }),
  url: () => new ZodType({ type: 'string', format: 'uri' }), email: () => new ZodType({ type: 'string', format: 'email' }),
  any, unknown: any, undefined: any, void: any, never: any, custom: any, instanceof: any, function: any,
  object: (shape = {}) => new ZodType({ type: 'object' }, { shape }),
  array: (inner) => new ZodType({ type: 'array' }, { inner }),
  set: (inner) => new ZodType({ type: 'array' }, { inner }),
  tuple: () => new ZodType({ type: 'array' }),
  record: () => new ZodType({ type: 'object' }), map: () => new ZodType({ type: 'object' }),
  enum: (list) => new ZodType({ enum: Array.isArray(list) ? list : Object.values(list) }),
  nativeEnum: (list) => new ZodType({ enum: Object.values(list) }),
  literal: (value) => new ZodType({ const: value }),
  union: (list) => new ZodType({ anyOf: list.map(jsonOf) }), discriminatedUnion: (key, list) => z.union(list),
  intersection: (one, other) => one.and(other), optional: (kind) => kind.optional(), nullable: (kind) => kind.nullable(),
  lazy: any, preprocess: (change, kind) => kind, effect: (kind) => kind, strictObject: (shape) => z.object(shape),
  looseObject: (shape) => z.object(shape), ZodError, ZodType, ZodObject: ZodType, ZodString: ZodType,
  ZodSchema: ZodType, ZodIssueCode: { custom: 'custom' }, toJSONSchema: jsonOf, infer: undefined,
};
z.coerce = { ...z, number: () => new ZodType({ type: 'number' }), string: () => new ZodType({ type: 'string' }) };
const all = new Proxy(z, { get: (target, key) => (key in target || typeof key === 'symbol' ? target[key] : any) });
module.exports = Object.assign({}, z);
module.exports.default = all;
module.exports.z = all;
module.exports.ZodError = ZodError;
module.exports.ZodType = ZodType;
module.exports.ZodSchema = ZodType;
module.exports.ZodObject = ZodType;
module.exports.ZodTypeAny = ZodType;
module.exports.ZodRawShape = ZodType;
module.exports.zodToJsonSchema = jsonOf;
module.exports.string = z.string;
module.exports.number = z.number;
module.exports.boolean = z.boolean;
module.exports.object = z.object;
module.exports.array = z.array;
module.exports.union = z.union;
module.exports.literal = z.literal;
module.exports.record = z.record;
module.exports.any = z.any;
