import { countFiles, judgeFiles } from './judge-files.js';

const file = (over = {}) => ({ name: 'a.pdf', size: 9, sha256: 'ab', mediaType: 'application/pdf', ...over });
const codes = (...parameters: Parameters<typeof countFiles>) => countFiles(...parameters).map(({ code }) => code);

it('one file of a kind that the norm takes is right where one is expected', () => {
  expect(codes([file()], { least: 1, most: 1 })).toEqual([]);
  expect(judgeFiles([file()])).toEqual([]);
});

it('a missing, a second, an unexpected and an empty one are each refused', () => {
  expect(codes([], { least: 1, most: 1 })).toEqual(['required']);
  expect(codes([file(), file()], { least: 1, most: 1 })).toEqual(['too_many']);
  expect(codes([file()], undefined)).toEqual(['too_many']);
  expect(codes([file({ size: 0 })], { least: 1, most: 1 })).toEqual(['empty']);
});

it('one of an unknown kind is named by its pointer', () => {
  const { mediaType: _, ...unknown } = file();
  expect(judgeFiles([{ ...unknown, name: 'a~b.exe' }])).toMatchObject([
    { pointer: '/_files/a~0b.exe', code: 'file_type' },
  ]);
});
