import { Type } from 'class-transformer';
import { IsNumber, IsOptional, Min } from 'class-validator';
import { Setting, Whole } from './setting.js';
import { QueueSettings } from './queue-settings.js';

/** How a deposit whose answer was lost is looked up. Part of `Env`. */
export class DoubtSettings extends QueueSettings {
  @Setting('Milliseconds after which a lost effect would surely show at an OPCO, in place of what each adapter says.')
  @IsOptional()
  @Whole(0, 86_400_000)
  OPCOVIA_QUIET_PERIOD_MS?: number;

  @Setting('Hours that a deposit of unknown outcome is looked up at the OPCO before a person has to look.')
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  OPCOVIA_LOOK_UP_HOURS = 24;
}
