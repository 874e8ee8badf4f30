// Loaded before a compiled test file: to tap and to the file itself it is its source that runs.
import { sourceOf } from './compile.mjs';

process.argv[1] = sourceOf(process.argv[1]);
