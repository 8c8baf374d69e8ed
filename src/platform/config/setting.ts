import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsOptional, IsString, Max, Min } from 'class-validator';

/** What the documentation says of one variable. */
export interface SettingNote {
  readonly name: string;
  /** One French-free sentence for operators. */
  readonly about: string;
  /** Its value may also come from the file named by `<name>_FILE`, and is never printed. */
  readonly secret: boolean;
}

const notes: SettingNote[] = [];

/** Documents a field of `Env`; the configuration table and `.env.example` are made of these. */
export function Setting(about: string, kind: 'plain' | 'secret' = 'plain'): PropertyDecorator {
  return (_target, name) => {
    notes.push({ name: String(name), about, secret: kind === 'secret' });
  };
}

/** Every documented variable, in the order of declaration. */
export function settingNotes(): readonly SettingNote[] {
  return notes;
}

/** A whole number between two bounds, both included. */
export function Whole(min: number, max: number): PropertyDecorator {
  return (target, name) => {
    for (const decorate of [Type(() => Number), IsInt(), Min(min), Max(max)]) decorate(target, name);
  };
}

/** A text that may be absent. */
export function OptionalText(): PropertyDecorator {
  return (target, name) => {
    for (const decorate of [IsOptional(), IsString()]) decorate(target, name);
  };
}

/** A number between two bounds, both included, whole or not. */
export function Fraction(min: number, max: number): PropertyDecorator {
  return (target, name) => {
    for (const decorate of [Type(() => Number), IsNumber(), Min(min), Max(max)]) decorate(target, name);
  };
}
