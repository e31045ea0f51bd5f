// A plugin of typedoc: classes show only what is their own. What they inherit is where they inherit it from, instead
// of once more in every class: three times the page for nothing.
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const member of Object.values(project.reflections)) {
      if (member.parent?.kindOf(ReflectionKind.Class) && member.inheritedFrom?.reflection !== undefined) {
        project.removeReflection(member);
      }
    }
  });
}
