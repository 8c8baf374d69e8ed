import { list, read } from './repository.js';

const rooms = list('src/pipeline').filter((name) => /^\d{2}-/.test(name));
const verbOf = (room: string) => room.slice(3);
const classOf = (room: string) =>
  verbOf(room).replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());

/** The rooms in the order in which the text of the list first uses each stage after its imports. */
function orderInList(text: string): string[] {
  const body = text.slice(text.lastIndexOf('\nimport '));
  const afterImports = body.slice(body.indexOf(';') + 1);
  const named = (room: string) => new RegExp(`\\b${classOf(room)}(Stage|Interceptor)\\b|'${verbOf(room)}'`);
  const position = (room: string) => afterImports.search(named(room));
  return rooms.filter((room) => position(room) >= 0).sort((a, b) => position(a) - position(b));
}

describe('the ten rooms of the pipeline', () => {
  it('are numbered 01 to 10 without a gap', () => {
    expect(rooms.map((room) => room.slice(0, 2))).toEqual(
      Array.from({ length: 10 }, (_, index) => String(index + 1).padStart(2, '0')),
    );
  });

  it('stand in the list of pipeline.ts in the order of their numbers', () => {
    expect(orderInList(read('src/pipeline/pipeline.ts'))).toEqual(rooms);
  });

  it('would be seen in another order', () => {
    const text = read('src/pipeline/pipeline.ts');
    const call = text.split('\n').find((line) => line.includes('CallStage') && !line.startsWith('import')) ?? '';
    const moved = `${text.replace(`${call}\n`, '')}\n${call}`;
    expect(orderInList(moved)).toEqual([...rooms.filter((room) => verbOf(room) !== 'call'), '06-call']);
  });

  it.each(rooms)('%s holds a stage, its spec and its interceptor', (room) => {
    const files = list(`src/pipeline/${room}`);
    const wanted = ['stage.ts', 'stage.spec.ts', 'interceptor.ts'].map((suffix) => `${verbOf(room)}.${suffix}`);
    expect(wanted.filter((file) => !files.includes(file))).toEqual([]);
  });

  it.each(rooms)('%s is told in docs/pipeline.md', (room) => {
    expect(read('docs/pipeline.md')).toContain(verbOf(room));
  });
});
