// A plugin of typedoc: what is documented is what is our own.
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  // Knip's word for a second name of one thing.
  app.on('bootstrapEnd', () =>
    app.options.setValue('blockTags', [...app.options.getValue('blockTags'), '@alias']),
  );
  // Functions that have the type of one of Node's are documented where they are declared, not where their type is.
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (_context, signature, declaration) => {
    if (declaration?.getSourceFile().fileName.includes('/node_modules/')) delete signature.comment;
  });
  // What classes inherit is where they inherit it from, instead of once more in every class: three times the page for
  // nothing.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const member of Object.values(project.reflections)) {
      if (member.parent?.kindOf(ReflectionKind.Class) && member.inheritedFrom?.reflection !== undefined) {
        project.removeReflection(member);
      }
    }
  });
}
