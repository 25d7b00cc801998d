/** An argument for NODE_OPTIONS or BUN_OPTIONS, which are split at spaces. */
export function quotedOption(argument: string): string {
  return `"${argument.replace(/["\\]/g, "\\$&")}"`;
}

/** In front of what others have set. */
export function optionsBefore(options: string, others: string | undefined): string {
  return others === undefined || others === "" ? options : `${options} ${others}`;
}
