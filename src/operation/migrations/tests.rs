//! Paths and texts as the frameworks' generators write them.

use super::*;
use MigrationKind::{Adds, Data, Drops, Rewrites, Unknown};

fn file(path: &str) -> ChangedFile {
    ChangedFile { path: Line::from_text(path), before: None, change: FileChange::Added, added: None, removed: None }
}

#[test]
fn each_frameworks_files_are_known_and_others_are_not() {
    let cases = [
        (Framework::Rails, "db/migrate/20261101020000_drop_legacy_token.rb"),
        (Framework::Rails, "engines/billing/db/migrate/20261101020000_add_plan.rb"),
        (Framework::Django, "shop/orders/migrations/0042_remove_order_note.py"),
        (Framework::Alembic, "alembic/versions/ae1027a6acf_add_column.py"),
        (Framework::Alembic, "backend/migrations/versions/2026_11_01-ae10_add.py"),
        (Framework::Prisma, "packages/db/prisma/migrations/20261101020000_init/migration.sql"),
        (Framework::Drizzle, "apps/web/drizzle/0007_brave_hulk.sql"),
        (Framework::Knex, "migrations/20261101020000_add_users.js"),
        (Framework::TypeOrm, "src/migrations/1730426400000-AddUser.ts"),
        (Framework::Laravel, "database/migrations/2026_11_01_020000_create_users_table.php"),
        (Framework::Flyway, "src/main/resources/db/migration/V1_2__add_person.sql"),
        (Framework::Flyway, "sql/R__views.sql"),
        (Framework::Liquibase, "src/main/resources/db/changelog/db.changelog-1.0.xml"),
        (Framework::GolangMigrate, "migrations/000003_add_index.up.sql"),
        (Framework::Sqlx, "migrations/20261101020000_users.sql"),
        (Framework::Diesel, "migrations/2026-11-01-020000_users/up.sql"),
        (Framework::Ecto, "priv/repo/migrations/20261101020000_create_users.exs"),
        (Framework::EfCore, "src/Data/Migrations/20261101020000_Init.cs"),
    ];
    for (framework, path) in cases {
        assert_eq!(frameworks::of_path(path), Some(framework), "{path}");
    }
    let others = [
        "db/schema.rb",
        "shop/orders/migrations/__init__.py",
        "migrations/000003_add_index.down.sql",
        "migrations/2026-11-01-020000_users/down.sql",
        "src/Data/Migrations/20261101020000_Init.Designer.cs",
        "src/Data/Migrations/ShopModelSnapshot.cs",
        "node_modules/knex/migrations/20261101020000_x.js",
        "prisma/schema.prisma",
        "docs/migrations.md",
        "src/checkout.ts",
    ];
    for path in others {
        assert_eq!(frameworks::of_path(path), None, "{path}");
    }
}

#[track_caller]
fn check(framework: Framework, path: &str, text: &str, expected: &[MigrationKind]) {
    let (kinds, evidence) = judge(framework, path, text);
    assert_eq!(kinds, expected, "{text}\n{evidence:?}");
}

#[test]
fn sql_is_read_by_its_statements() {
    let cases: &[(&str, &[MigrationKind])] = &[
        ("CREATE TABLE users (id int NOT NULL);", &[Adds]),
        ("ALTER TABLE users ADD COLUMN note text;", &[Adds]),
        ("ALTER TABLE users ADD COLUMN note text NOT NULL;", &[Rewrites]),
        ("ALTER TABLE users ADD COLUMN note text NOT NULL DEFAULT '';", &[Adds]),
        ("alter table users drop column legacy_token;", &[Drops]),
        ("DROP TABLE IF EXISTS \"old\" CASCADE;", &[Drops]),
        ("ALTER TABLE `a` RENAME TO `b`;", &[Rewrites]),
        ("ALTER TABLE a ALTER COLUMN x TYPE bigint;", &[Rewrites]),
        ("ALTER TABLE a ALTER COLUMN x SET NOT NULL;", &[Rewrites]),
        ("ALTER TABLE a ALTER COLUMN x DROP NOT NULL;", &[Adds]),
        ("UPDATE users SET note = 'drop table x; --';", &[Data]),
        ("-- DROP TABLE users;\n/* DROP TABLE users; */\nCREATE INDEX i ON users (id);", &[Adds]),
        ("BEGIN;\nTRUNCATE users;\nCOMMIT;", &[Drops]),
        ("CREATE FUNCTION f() RETURNS void AS $$ DROP TABLE users; $$ LANGUAGE sql;", &[Adds]),
        ("-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;", &[Adds]),
        ("CREATE TABLE a (id int); ALTER TABLE b DROP COLUMN c; INSERT INTO d VALUES (1);", &[Drops, Data, Adds]),
        ("FROBNICATE users;", &[Unknown]),
        ("", &[Unknown]),
    ];
    for (text, expected) in cases {
        check(Framework::Sqlx, "migrations/20261101020000_x.sql", text, expected);
    }
}

#[test]
fn programs_are_read_by_their_calls_forwards_only() {
    check(
        Framework::Rails,
        "a.rb",
        "class A < ActiveRecord::Migration[8.0]\n  def up\n    remove_column :users, :legacy_token\n  end\n\n  def down\n    add_column :users, :legacy_token, :string\n  end\nend\n",
        &[Drops],
    );
    check(
        Framework::Rails,
        "a.rb",
        "class A\n  def change\n    add_column :users, :note, :string, null: false\n  end\nend\n",
        &[Rewrites, Adds],
    );
    check(
        Framework::Rails,
        "a.rb",
        "class A\n  def up\n    execute <<~SQL\n      DROP TABLE old;\n    SQL\n  end\nend\n",
        &[Drops],
    );
    check(
        Framework::Django,
        "a.py",
        "class Migration(migrations.Migration):\n    operations = [\n        migrations.RemoveField(model_name='order', name='note'),\n        migrations.AddField(model_name='order', name='memo'),\n    ]\n",
        &[Drops, Adds],
    );
    check(
        Framework::Alembic,
        "a.py",
        "def upgrade() -> None:\n    op.add_column('users', sa.Column('note', sa.String()))\n\n\ndef downgrade() -> None:\n    op.drop_column('users', 'note')\n",
        &[Adds],
    );
    check(
        Framework::Laravel,
        "a.php",
        "<?php\nreturn new class extends Migration {\n    public function up(): void {\n        Schema::table('users', function (Blueprint $table) {\n            $table->dropColumn('note');\n        });\n    }\n    public function down(): void {\n        Schema::drop('x');\n    }\n};\n",
        &[Drops],
    );
    check(
        Framework::TypeOrm,
        "a.ts",
        "export class A implements MigrationInterface {\n  public async up(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.query(`ALTER TABLE \"user\" DROP COLUMN \"note\"`);\n  }\n  public async down(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.query(`ALTER TABLE \"user\" ADD \"note\" text`);\n  }\n}\n",
        &[Drops],
    );
    check(
        Framework::Ecto,
        "a.exs",
        "defmodule Shop.Repo.Migrations.A do\n  use Ecto.Migration\n\n  def change do\n    alter table(:users) do\n      remove :note\n    end\n  end\nend\n",
        &[Drops, Adds],
    );
    check(
        Framework::EfCore,
        "a.cs",
        "protected override void Up(MigrationBuilder migrationBuilder)\n{\n    migrationBuilder.DropColumn(name: \"Note\", table: \"Users\");\n}\n\nprotected override void Down(MigrationBuilder migrationBuilder)\n{\n    migrationBuilder.DropTable(name: \"X\");\n}\n",
        &[Drops],
    );
    check(
        Framework::Liquibase,
        "a.xml",
        "<changeSet id=\"1\"><renameColumn tableName=\"a\"/><rollback><dropTable/></rollback></changeSet>",
        &[Rewrites],
    );
}

#[test]
fn what_was_not_read_comes_first_and_all_is_kept() {
    let changes = Changes {
        files: vec![
            file("db/migrate/20261101020000_add_a.rb"),
            file("app/models/user.rb"),
            file("db/migrate/20261102020000_remove_b.rb"),
        ],
        ..Changes::default()
    };
    let texts = BTreeMap::from([(
        "db/migrate/20261101020000_add_a.rb".to_owned(),
        "class A\n  def change\n    add_column :users, :a, :string\n  end\nend\n".to_owned(),
    )]);
    let between = between(Some(changes), Line::from_text("the repository"), &texts);
    let found: Vec<(&str, &[MigrationKind])> =
        between.migrations.iter().map(|migration| (migration.path.as_str(), migration.kinds.as_slice())).collect();
    assert_eq!(
        found,
        [("db/migrate/20261102020000_remove_b.rb", &[][..]), ("db/migrate/20261101020000_add_a.rb", &[Adds][..])]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_stops_it(text in "(?s).{0,400}", quotes in "['\"`$;()\\n-]{0,60}") {
        for (framework, path) in [(Framework::Sqlx, "a.sql"), (Framework::Rails, "a.rb"), (Framework::TypeOrm, "a.ts")] {
            let (kinds, _) = judge(framework, path, &format!("{text}{quotes}{text}"));
            proptest::prop_assert!(!kinds.is_empty());
        }
    }
}
